package fencepost.junit;

import java.util.Map;

/**
 * What became of a fault.
 *
 * @param name its name, as in `#1` if the plan gave none
 * @param matched how many requests it matched
 * @param fired how often it fired
 * @param asExpected whether that is as often as it is to: once or more, or as its plan says by `fires`
 * @param summary how often it fired, in words
 */
public record Fault(String name, long matched, long fired, boolean asExpected, String summary) {
    static Fault of(Object json) {
        Map<?, ?> fault = (Map<?, ?>) json;
        return new Fault((String) fault.get("name"), count(fault, "matched"), count(fault, "fired"),
            (Boolean) fault.get("as_expected"), (String) fault.get("summary"));
    }

    private static long count(Map<?, ?> fault, String key) {
        return ((Double) fault.get(key)).longValue();
    }
}
