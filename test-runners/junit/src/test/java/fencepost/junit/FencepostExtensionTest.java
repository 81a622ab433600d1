package fencepost.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** The extension itself, with tests that are right and tests that are wrong. */
class FencepostExtensionTest {
    private static final String PLAN = "[[fault]]\nname = \"lost\"\non = \"EndTxn\"\ndo = \"disconnect\"\n";
    private static final String NEVER = "fault `lost`: never fired, matched nothing";

    @Test
    void aFaultThatNeverFiredFailsTheTest() {
        Events tests = run(Hollow.class);
        assertEquals(1, tests.failed().count());
        assertEquals(List.of(NEVER), messages(tests));
    }

    @Test
    void oneThatIsNeverToFireDoesNot() {
        assertEquals(1, run(Never.class).succeeded().count());
    }

    @Test
    void itMayBeAllowedNotToFire() {
        assertEquals(1, run(Allowed.class).succeeded().count());
    }

    @Test
    void aSharedClusterIsResetAfterEachTest() {
        Events tests = run(Shared.class);
        assertEquals(List.of(NEVER), messages(tests));
        assertEquals(1, tests.succeeded().count());
    }

    @Test
    void nestedTestsShareTheClusterToo() {
        assertEquals(2, run(Outer.class).succeeded().count());
    }

    @Test
    void aBadOptionIsToldWithStderr() {
        String told = messages(run(BadOption.class)).get(0);
        assertTrue(told.startsWith("fencepost is not ready: it ended\n"), told);
        assertTrue(told.contains("no.such.setting"), told);
    }

    @Test
    void aProgramThatIsNotThereIsTold() {
        String told = messages(run(NoProgram.class)).get(0);
        assertTrue(told.startsWith("cannot start `./no-such-program`"), told);
    }

    @Test
    void jsonIsRead() {
        assertEquals(Map.of("a", List.of(1.0, -2.5e3, true, Map.of()), "é\"\n", List.of()),
            Json.read(" {\"a\" : [1, -2.5e3,true,{}], \"\\u00e9\\\"\\n\":[ ]} "));
        for (String wrong : List.of("", "{", "[1,", "\"a", "1 2", "{\"a\"}", "tru")) {
            assertThrows(FencepostException.class, () -> Json.read(wrong), wrong);
        }
    }

    private static Events run(Class<?> tests) {
        return EngineTestKit.engine("junit-jupiter").selectors(selectClass(tests)).execute().testEvents();
    }

    private static List<String> messages(Events tests) {
        return tests.failed().stream().map(event -> event.getRequiredPayload(TestExecutionResult.class))
            .map(result -> result.getThrowable().orElseThrow().getMessage()).toList();
    }

    static class Hollow {
        @RegisterExtension
        final FencepostExtension fencepost = new FencepostExtension();

        @Test
        void hollow() {
            fencepost.cluster().addFaults(PLAN);
        }
    }

    static class Never {
        @RegisterExtension
        final FencepostExtension fencepost = new FencepostExtension().faults(PLAN + "fires = 0\n");

        @Test
        void never() {
        }
    }

    static class Allowed {
        @RegisterExtension
        final FencepostExtension fencepost = new FencepostExtension().faults(PLAN).allowUnfired();

        @Test
        void allowed() {
            assertEquals(List.of(new Fault("lost", 0, 0, false, "never fired, matched nothing")), fencepost.cluster().faults());
        }
    }

    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class Shared {
        @RegisterExtension
        static final FencepostExtension FENCEPOST = new FencepostExtension().brokers(3);

        @Test
        @Order(1)
        void changesMuch() {
            FENCEPOST.cluster().crash(1);
            FENCEPOST.cluster().addFaults(PLAN);
        }

        @Test
        @Order(2)
        void findsNothingOfIt() {
            assertEquals(List.of(), FENCEPOST.cluster().faults());
            assertTrue(!FENCEPOST.cluster().get("/brokers").contains("\"down\""));
        }
    }

    static class Outer {
        @RegisterExtension
        static final FencepostExtension FENCEPOST = new FencepostExtension();

        @Test
        void crashesABroker() {
            FENCEPOST.cluster().crash(0);
        }

        @Nested
        class Inner {
            @Test
            void crashesItToo() {
                FENCEPOST.cluster().crash(0);
            }
        }
    }

    static class BadOption {
        @RegisterExtension
        final FencepostExtension fencepost = new FencepostExtension().config("no.such.setting", 1);

        @Test
        void never() {
        }
    }

    static class NoProgram {
        @RegisterExtension
        final FencepostExtension fencepost = new FencepostExtension().program("./no-such-program");

        @Test
        void never() {
        }
    }
}
