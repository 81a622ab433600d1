package fencepost.junit;

/** Fencepost did not start or end as it should, or refused what it was asked. */
public final class FencepostException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FencepostException(String message) {
        super(message);
    }

    FencepostException(String message, Throwable cause) {
        super(message, cause);
    }
}
