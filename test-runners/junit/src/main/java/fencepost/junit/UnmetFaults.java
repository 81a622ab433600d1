package fencepost.junit;

/** A fault of the test never fired, so that the test shows less than it says, or not as often as it is to. */
public final class UnmetFaults extends AssertionError {
    private static final long serialVersionUID = 1L;

    UnmetFaults(String message) {
        super(message);
    }
}
