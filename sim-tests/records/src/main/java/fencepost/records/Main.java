package fencepost.records;

/** Makes a cluster write records to its internal topics, and prints what Kafka's formatters read there. */
final class Main {
    private Main() {
    }

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        try (Workload workload = new Workload(bootstrap)) {
            workload.run();
        }
        new InternalTopics(bootstrap).print(System.out);
    }
}
