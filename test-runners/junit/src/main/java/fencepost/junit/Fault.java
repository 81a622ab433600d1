package fencepost.junit;

import java.util.Map;

/**
 * What became of a fault.
 *
 * @param name its name, as in `#1` if the plan gave none
 * @param matched how many requests it matched
 * @param fired how often it fired
 */
public record Fault(String name, long matched, long fired) {
    static Fault of(Object json) {
        Map<?, ?> fault = (Map<?, ?>) json;
        return new Fault((String) fault.get("name"), count(fault, "matched"), count(fault, "fired"));
    }

    private static long count(Map<?, ?> fault, String key) {
        return ((Double) fault.get(key)).longValue();
    }
}
