package fencepost.clients;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;

/** Exact expectations. */
final class Check {
    static void equal(String what, Object expected, Object got) {
        if (!Objects.equals(expected, got)) {
            throw new CheckFailed(what + ": expected " + expected + ", got " + got);
        }
    }

    /** Compares lists and reports the first place where they differ. */
    static <T> void sameList(String what, List<T> expected, List<T> got) {
        for (int i = 0; i < Math.min(expected.size(), got.size()); i++) {
            equal(what + " [" + i + "]", expected.get(i), got.get(i));
        }
        equal(what + " count", expected.size(), got.size());
    }

    static void isTrue(String what, boolean holds) {
        if (!holds) {
            throw new CheckFailed(what + " does not hold");
        }
    }

    /** The call must throw exactly this class (a future's failure counts as its cause). */
    static <T extends Throwable> T raises(String what, Class<T> expected, Callable<?> call) {
        Throwable got = null;
        try {
            Object value = call.call();
            throw new CheckFailed(what + ": expected " + expected.getSimpleName() + ", but it returned " + value);
        } catch (CheckFailed e) {
            throw e;
        } catch (ExecutionException e) {
            got = e.getCause();
        } catch (Exception e) {
            got = e;
        }
        if (got.getClass() != expected) {
            CheckFailed failed = new CheckFailed(what + ": expected " + expected.getSimpleName() + ", got " + got);
            failed.initCause(got);
            throw failed;
        }
        return expected.cast(got);
    }

    /** Asks until the answer is the expected one; a class of exception counts as an answer too. */
    static void eventually(String what, Object expected, Callable<?> question) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
        Object last;
        do {
            try {
                last = question.call();
            } catch (CheckFailed e) {
                throw e;
            } catch (ExecutionException e) {
                last = e.getCause().getClass();
            } catch (Exception e) {
                last = e.getClass();
            }
            if (expected.equals(last)) {
                return;
            }
            Thread.sleep(20);
        } while (System.nanoTime() < deadline);
        equal(what + " after 15 s", expected, last);
    }

    private Check() { }
}
