package fencepost.junit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A cluster for tests. In a field of the test, each test has a cluster of its own; in a static field, all tests of the
 * class share one, which is again as it was after each of them:
 *
 * <pre>{@code
 * @RegisterExtension
 * final FencepostExtension fencepost = new FencepostExtension().topic("orders", 1);
 * }</pre>
 *
 * A fault that never fired fails the test. When a test fails, what fencepost wrote to stderr is printed.
 */
public final class FencepostExtension implements BeforeAllCallback, BeforeEachCallback, AfterTestExecutionCallback,
    AfterEachCallback, AfterAllCallback {
    private static final String SNAPSHOT = "before each test";

    private final Map<String, Integer> topics = new LinkedHashMap<>();
    private final List<String> options = new ArrayList<>();
    private String program = program();
    private int brokers = 1;
    private String plan;
    private boolean isStrict = true;
    /** Classes that began and did not end: a class, and those nested in it. */
    private int classes;
    private Server server;

    private static String program() {
        String named = System.getProperty("fencepost", System.getenv("FENCEPOST"));
        return named == null || named.isEmpty() ? "fencepost" : named;
    }

    /** The program, instead of that of the system property {@code fencepost}, of FENCEPOST, or on the path. */
    public FencepostExtension program(String path) {
        program = path;
        return this;
    }

    /** How many brokers; 1 if nothing is said. */
    public FencepostExtension brokers(int count) {
        brokers = count;
        return this;
    }

    /** A topic to begin with. */
    public FencepostExtension topic(String name, int partitions) {
        topics.put(name, partitions);
        return this;
    }

    /** A broker setting by Kafka's name. */
    public FencepostExtension config(String name, Object value) {
        return options("--config", name + "=" + value);
    }

    /** A fault plan from the start, in TOML. */
    public FencepostExtension faults(String toml) {
        plan = toml;
        return this;
    }

    /** Any other options of {@code fencepost serve}. */
    public FencepostExtension options(String... more) {
        options.addAll(List.of(more));
        return this;
    }

    /** A fault may never fire. */
    public FencepostExtension allowUnfired() {
        isStrict = false;
        return this;
    }

    /** The cluster of the test that runs. */
    public Cluster cluster() {
        if (server == null) {
            throw new IllegalStateException("there is a cluster from before each test until after it");
        }
        return new Cluster(server);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (classes++ == 0) {
            start();
            cluster().snapshot(SNAPSHOT);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (classes == 0) {
            start();
        }
    }

    @Override
    public void afterTestExecution(ExtensionContext context) {
        if (isStrict && context.getExecutionException().isEmpty()) {
            cluster().verify();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (server == null) {
            return;
        }
        String told = server.stderr();
        if (context.getExecutionException().isPresent() && !told.isEmpty()) {
            System.err.println("fencepost's stderr:\n" + told);
        }
        if (classes == 0) {
            stop();
        } else {
            cluster().reset(SNAPSHOT);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (--classes == 0 && server != null) {
            stop();
        }
    }

    private void start() {
        List<String> command = new ArrayList<>(List.of(program, "serve", "--port", "0", "--control-port", "0",
            "--brokers", String.valueOf(brokers)));
        topics.forEach((name, partitions) -> command.addAll(List.of("--topic", name + ":" + partitions)));
        command.addAll(options);
        server = new Server(command);
        if (plan != null) {
            cluster().addFaults(plan);
        }
    }

    private void stop() {
        Server stopped = server;
        server = null;
        stopped.stop();
    }
}
