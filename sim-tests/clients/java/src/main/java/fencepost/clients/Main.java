package fencepost.clients;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs the scenarios that were asked for, one line of standard output for each. */
public final class Main {
    private static final long SCENARIO_SECONDS = 60;

    private static Map<String, Scenario> scenarios() {
        Map<String, Scenario> all = new LinkedHashMap<>();
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            all.put("round-trip-" + codec, cluster -> RoundTrip.run(cluster, codec));
        }
        all.put("idempotent-10000", Idempotent::run);
        all.put("commit-and-abort", Visibility::commitAndAbort);
        all.put("interleaved-producers", Visibility::interleavedProducers);
        all.put("open-transaction-holds-back", cluster -> {
            Visibility.openTransactionHoldsBack(cluster);
            GroupOffsets.openTransactionHoldsBack(cluster);
        });
        all.put("zombie-fenced", cluster -> {
            Fencing.zombieFenced(cluster);
            GroupOffsets.memberFenced(cluster);
        });
        all.put("consume-transform-produce", cluster -> Pipeline.run(cluster, "classic"));
        all.put("consume-transform-produce-consumer-protocol", cluster -> Pipeline.run(cluster, "consumer"));
        all.put("killed-mid-transaction", Fencing::killedMidTransaction);
        all.put("transaction-timeout", Fencing::transactionTimeout);
        all.put("transaction-100000", Volume::oneLargeTransaction);
        all.put("fifty-producers", Volume::fiftyProducers);
        all.put("admin", cluster -> {
            TopicAdmin.run(cluster);
            GroupAdmin.run(cluster);
            TransactionAdmin.run(cluster);
        });
        all.putAll(controlled());
        return all;
    }

    /** The scenarios that need --control. */
    private static Map<String, Scenario> controlled() {
        Map<String, Scenario> all = new LinkedHashMap<>();
        all.put("crash-coordinator", Crashes::coordinator);
        all.put("crash-leader", Crashes::leader);
        all.put("crash-group-coordinator", GroupCrashes::midTransaction);
        all.put("moved-coordinator", Crashes::movedCoordinator);
        all.put("rebalance-under-crash", cluster -> GroupCrashes.rebalance(cluster, "classic"));
        all.put("rebalance-under-crash-consumer-protocol", cluster -> GroupCrashes.rebalance(cluster, "consumer"));
        return all;
    }

    /** What {@code exchanges} asks for, to read the server's trace of it; these too need --control. */
    private static Map<String, Scenario> traced() {
        Map<String, Scenario> all = new LinkedHashMap<>();
        all.put("producer-order", ProducerDecisions::order);
        all.put("producer-expired", ProducerDecisions::expired);
        all.put("producer-max-block", ProducerDecisions::maxBlock);
        all.put("producer-abort", ProducerDecisions::abort);
        all.put("producer-fenced", ProducerCodes::fenced);
        all.put("producer-timed-out", ProducerCodes::timedOut);
        all.put("producer-members", ProducerCodes::members);
        all.put("producer-moved", ProducerCodes::moved);
        all.put("producer-produce", ProducerCodes::produce);
        all.put("member-stopped", MemberDecisions::stopped);
        all.put("member-coordinators", MemberDecisions::coordinators);
        return all;
    }

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals(Fencing.CHILD)) {
            Fencing.child(args);
            return;
        }
        if (args.length > 0 && args[0].equals(MemberDecisions.CHILD)) {
            MemberDecisions.child(args);
            return;
        }
        String bootstrap = null;
        String prefix = "java";
        Control control = null;
        int transactionVersion = 0;
        List<String> named = new ArrayList<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            switch (args[i]) {
                case "--bootstrap" -> bootstrap = args[i + 1];
                case "--prefix" -> prefix = args[i + 1];
                case "--control" -> control = new Control(args[i + 1]);
                case "--transaction-version" -> transactionVersion = Integer.parseInt(args[i + 1]);
                case "--scenario" -> named.add(args[i + 1]);
                default -> usage("unknown argument " + args[i]);
            }
        }
        if (bootstrap == null || args.length % 2 != 0) {
            usage("--bootstrap is missing, or an argument has no value");
        }
        Map<String, Scenario> all = scenarios();
        if (named.isEmpty()) {
            named.addAll(all.keySet());
        }
        all.putAll(traced());
        boolean failed = false;
        for (String name : named) {
            if (control == null && (controlled().containsKey(name) || traced().containsKey(name))) {
                System.out.println("N/A " + name + " without --control nothing can be crashed or moved");
                continue;
            }
            Cluster cluster = new Cluster(bootstrap, prefix + "-" + name, transactionVersion, control);
            failed |= !runOne(name, all.get(name), cluster);
            if (control != null) {
                control.restartAll();
            }
        }
        System.out.flush();
        // Halt: a client left behind by a failed scenario must not hold the process up.
        Runtime.getRuntime().halt(failed ? 1 : 0);
    }

    private static boolean runOne(String name, Scenario scenario, Cluster cluster) throws InterruptedException {
        if (scenario == null) {
            System.out.println("N/A " + name + " no such scenario in this program");
            return true;
        }
        long start = System.nanoTime();
        FutureTask<Void> task = new FutureTask<>(() -> {
            scenario.run(cluster);
            return null;
        });
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        Throwable failure = null;
        try {
            task.get(SCENARIO_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            failure = e.getCause();
            failure.printStackTrace();
        } catch (TimeoutException e) {
            failure = new CheckFailed("not done after " + SCENARIO_SECONDS + " s, at " + where(thread));
            thread.interrupt();
        }
        cluster.close();
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        if (failure == null) {
            System.out.println("PASS " + name + " " + millis);
        } else {
            System.out.println("FAIL " + name + " " + millis + " " + oneLine(failure));
        }
        return failure == null;
    }

    /** The line of our own code that the thread stands at. */
    private static String where(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (frame.getClassName().startsWith("fencepost.clients")) {
                return frame.getFileName() + ":" + frame.getLineNumber();
            }
        }
        return "an unknown line";
    }

    private static String oneLine(Throwable failure) {
        String text = failure instanceof CheckFailed ? failure.getMessage() : failure.toString();
        return text.replaceAll("\\s+", " ");
    }

    private static void usage(String problem) {
        System.err.println(problem + "\nusage: client --bootstrap host:port[,host:port] [--scenario NAME]..."
            + " [--transaction-version 1|2] [--prefix TEXT] [--control URL]");
        System.exit(2);
    }

    /** One item of the common list; it fails by throwing. */
    interface Scenario {
        void run(Cluster cluster) throws Exception;
    }

    private Main() { }
}
