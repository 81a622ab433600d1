package fencepost.junit;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A cluster of brokers, told what to do and asked what it knows by its control API. What is refused is thrown as a
 * {@link FencepostException} with the reason. Answers are JSON, as the documentation of the control API has them.
 */
public final class Cluster {
    private static final Duration HIT_WITHIN = Duration.ofSeconds(10);

    private final Server server;

    Cluster(Server server) {
        this.server = server;
    }

    /** The addresses of all brokers, for a client's {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return server.bootstrapServers();
    }

    /** The URL of the control API. */
    public URI control() {
        return server.control();
    }

    /** Adds a plan, in TOML. */
    public void addFaults(String plan) {
        server.ask("POST", "/faults", "application/toml", BodyPublishers.ofString(plan));
    }

    /** Every fault, in the order in which they were added. */
    public List<Fault> faults() {
        return ((List<?>) Json.read(get("/faults"))).stream().map(Fault::of).toList();
    }

    public void removeFault(String name) {
        ask("DELETE", "/faults/" + quoted(name), "");
    }

    /** Waits until a fault has fired; 10 seconds at most. */
    public Fault hit(String name) {
        return hit(name, 1, HIT_WITHIN);
    }

    /** Waits until a fault has fired so many times, those before included; 25 seconds at most. */
    public Fault hit(String name, int times, Duration within) {
        String query = "?times=" + times + "&within_ms=" + within.toMillis();
        return Fault.of(Json.read(get("/faults/" + quoted(name) + "/hits" + query)));
    }

    /** What is held or delayed by a fault, or waits for its turn. */
    public String held() {
        return get("/held");
    }

    public void release(long number) {
        post("/held/" + number + "/release");
    }

    /** Raises an event that faults wait for. */
    public void raise(String event) {
        post("/raised/" + quoted(event));
    }

    /** Memory, connections and port of a broker are gone, its disk stays. */
    public void crash(int broker) {
        post("/brokers/" + broker + "/crash");
    }

    /** Stops a broker cleanly: other leaders take over first. */
    public void stopBroker(int broker) {
        post("/brokers/" + broker + "/stop");
    }

    public void restart(int broker) {
        post("/brokers/" + broker + "/restart");
    }

    public void elect(String topic, int partition, int leader) {
        ask("POST", "/topics/" + quoted(topic) + "/partitions/" + partition + "/elect", "{\"leader\":" + leader + "}");
    }

    /** Moves the coordinator of a transactional id to a broker. */
    public void moveTransaction(String transactionalId, int broker) {
        ask("POST", "/transactions/" + quoted(transactionalId) + "/coordinator", "{\"broker\":" + broker + "}");
    }

    /** Moves the coordinator of a group to a broker. */
    public void moveGroup(String group, int broker) {
        ask("POST", "/groups/" + quoted(group) + "/coordinator", "{\"broker\":" + broker + "}");
    }

    /** What the coordinator has in memory of a transactional id. */
    public String transaction(String transactionalId) {
        return get("/transactions/" + quoted(transactionalId));
    }

    /** What the coordinator has in memory of a group. */
    public String group(String name) {
        return get("/groups/" + quoted(name));
    }

    /** The beginning of a partition's log, with what became of the transaction of each batch. */
    public String log(String topic, int partition) {
        return get("/topics/" + quoted(topic) + "/partitions/" + partition + "/log");
    }

    /** Moves a manual clock. */
    public void advance(Duration time) {
        ask("POST", "/clock/advance", "{\"ms\":" + time.toMillis() + "}");
    }

    public void snapshot(String name) {
        ask("PUT", "/snapshots/" + quoted(name), "");
    }

    /** Goes back to a snapshot. Clients that live through it are lost: give each test clients of its own. */
    public void reset(String name) {
        post("/snapshots/" + quoted(name) + "/reset");
    }

    /** Throws {@link UnmetFaults} if a fault never fired, or not as often as its {@code fires} says. */
    public void verify() {
        String unmet = faults().stream().filter(fault -> !fault.asExpected())
            .map(fault -> "fault `" + fault.name() + "`: " + fault.summary())
            .collect(Collectors.joining("; "));
        if (!unmet.isEmpty()) {
            throw new UnmetFaults(unmet);
        }
    }

    /** The last of what fencepost wrote to stderr. */
    public String stderr() {
        return server.stderr();
    }

    public String get(String path) {
        return ask("GET", path, "");
    }

    /** Anything else that the control API can do; the body is JSON, or empty. */
    public String ask(String method, String path, String body) {
        return server.ask(method, path, "application/json",
            body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    }

    private void post(String path) {
        ask("POST", path, "");
    }

    private static String quoted(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
