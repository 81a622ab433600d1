package fencepost.junit;

/** A fault of the test never fired, so that the test shows less than it says. */
public final class FaultNeverFired extends AssertionError {
    private static final long serialVersionUID = 1L;

    FaultNeverFired(String message) {
        super(message);
    }
}
