package fencepost.clients;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The control API of the cluster: crash and restart brokers, move leaders and coordinators. */
final class Control {
    /** What a coordinator is asked for by. */
    enum Kind { TRANSACTIONS, GROUPS }

    private static final Pattern BROKER = Pattern.compile("\"id\":(\\d+),.*?\"state\":\"(up|down)\"");
    private static final Pattern LEADER = Pattern.compile("\"leader\":(\\d+)");
    private static final Pattern COORDINATOR = Pattern.compile("\"broker\":(\\d+)");

    private final HttpClient http =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build();
    private final String url;

    Control(String url) {
        this.url = url;
    }

    void crash(int broker) throws Exception {
        post("/brokers/" + broker + "/crash", "");
    }

    void restart(int broker) throws Exception {
        post("/brokers/" + broker + "/restart", "");
    }

    /** So that what a failed scenario left down is not the next one's trouble. */
    void restartAll() throws Exception {
        for (int broker : brokers("down")) {
            restart(broker);
        }
    }

    /** The leader of each partition of a topic. */
    List<Integer> leaders(String topic) throws Exception {
        List<Integer> leaders = new ArrayList<>();
        Matcher matcher = LEADER.matcher(get("/topics/" + quoted(topic) + "/partitions"));
        while (matcher.find()) {
            leaders.add(Integer.valueOf(matcher.group(1)));
        }
        return leaders;
    }

    void elect(String topic, int partition, int leader) throws Exception {
        post("/topics/" + quoted(topic) + "/partitions/" + partition + "/elect", "{\"leader\":" + leader + "}");
    }

    int coordinator(Kind kind, String name) throws Exception {
        String answer = get(path(kind, name));
        Matcher matcher = COORDINATOR.matcher(answer);
        Check.isTrue("a coordinator in " + answer, matcher.find());
        return Integer.parseInt(matcher.group(1));
    }

    void move(Kind kind, String name, int broker) throws Exception {
        post(path(kind, name), "{\"broker\":" + broker + "}");
    }

    /** A running broker other than this one. */
    int other(int broker) throws Exception {
        return brokers("up").stream().filter(up -> up != broker).findFirst().orElseThrow();
    }

    /** Has another broker lead this topic in the broker's place. */
    void clearTopic(int broker, String topic) throws Exception {
        List<Integer> leaders = leaders(topic);
        for (int partition = 0; partition < leaders.size(); partition++) {
            if (leaders.get(partition) == broker) {
                elect(topic, partition, other(broker));
            }
        }
    }

    /** Has another broker coordinate this transactional id in the broker's place. */
    void clearTransactions(int broker, String transactionalId) throws Exception {
        if (coordinator(Kind.TRANSACTIONS, transactionalId) == broker) {
            move(Kind.TRANSACTIONS, transactionalId, other(broker));
        }
    }

    private List<Integer> brokers(String state) throws Exception {
        List<Integer> brokers = new ArrayList<>();
        Matcher matcher = BROKER.matcher(get("/brokers"));
        while (matcher.find()) {
            if (matcher.group(2).equals(state)) {
                brokers.add(Integer.valueOf(matcher.group(1)));
            }
        }
        return brokers;
    }

    private static String path(Kind kind, String name) {
        return "/" + kind.name().toLowerCase() + "/" + quoted(name) + "/coordinator";
    }

    private static String quoted(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8);
    }

    private String get(String path) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(url + path)).GET());
    }

    private void post(String path, String body) throws Exception {
        send(HttpRequest.newBuilder(URI.create(url + path)).header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private String send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response =
            http.send(request.timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new CheckFailed("control: " + response.statusCode() + " " + response.body());
        }
        return response.body();
    }
}
