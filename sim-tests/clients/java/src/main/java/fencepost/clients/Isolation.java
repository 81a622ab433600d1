package fencepost.clients;

import org.apache.kafka.common.IsolationLevel;

/** What a reader is shown of transactions. */
enum Isolation {
    COMMITTED("read_committed", IsolationLevel.READ_COMMITTED),
    UNCOMMITTED("read_uncommitted", IsolationLevel.READ_UNCOMMITTED);

    final String config;
    final IsolationLevel level;

    Isolation(String config, IsolationLevel level) {
        this.config = config;
        this.level = level;
    }
}
