package fencepost.junit;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process of fencepost. */
final class Server {
    private static final Pattern READY =
        Pattern.compile("fencepost ready bootstrap\\.servers=(\\S+) control=(\\S+)");
    private static final int READY_SECONDS = 20;
    private static final int STOP_SECONDS = 10;
    private static final Duration REQUEST = Duration.ofSeconds(40);
    private static final int STDERR_BYTES = 16 * 1024;

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .proxy(HttpClient.Builder.NO_PROXY).connectTimeout(Duration.ofSeconds(10)).build();
    private final Path log;
    private final Process process;
    private final Thread killer;
    private final String bootstrapServers;
    private final URI control;

    /** Starts it, and waits until it is ready. */
    Server(List<String> command) {
        try {
            log = Files.createTempFile("fencepost", ".stderr");
            process = new ProcessBuilder(command).redirectError(log.toFile()).start();
        } catch (IOException error) {
            throw new FencepostException("cannot start `" + command.get(0) + "`: " + error.getMessage()
                + "; name the program in the system property `fencepost` or the environment variable FENCEPOST", error);
        }
        killer = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killer);
        String line = readyLine();
        Matcher ready = READY.matcher(line);
        if (!ready.matches()) {
            end(0);
            String told = stderr();
            forget();
            throw new FencepostException("fencepost is not ready: " + line + "\n" + told);
        }
        bootstrapServers = ready.group(1);
        control = URI.create(ready.group(2));
    }

    private String readyLine() {
        CompletableFuture<String> first = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                String line = lines.readLine();
                first.complete(line == null ? "it ended" : line);
                while (line != null) {
                    line = lines.readLine();
                }
            } catch (IOException error) {
                first.complete("its output cannot be read: " + error.getMessage());
            }
        });
        reader.setDaemon(true);
        reader.start();
        try {
            return first.get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            return "nothing was printed within " + READY_SECONDS + " s";
        } catch (ExecutionException error) {
            return error.toString();
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    String bootstrapServers() {
        return bootstrapServers;
    }

    URI control() {
        return control;
    }

    String ask(String method, String path, String type, BodyPublisher body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(control + path)).method(method, body)
            .header("content-type", type).timeout(REQUEST).build();
        HttpResponse<String> response;
        try {
            response = http.send(request, BodyHandlers.ofString());
        } catch (IOException error) {
            throw new FencepostException(
                method + " " + path + ": " + error + "; " + state() + "\n" + stderr(), error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new FencepostException(method + " " + path + ": interrupted", error);
        }
        if (response.statusCode() != 200) {
            throw new FencepostException(method + " " + path + ": " + response.statusCode() + " " + response.body());
        }
        return response.body();
    }

    /** The last of what it wrote to stderr. */
    String stderr() {
        try {
            byte[] all = Files.readAllBytes(log);
            int from = Math.max(0, all.length - STDERR_BYTES);
            return new String(all, from, all.length - from, StandardCharsets.UTF_8);
        } catch (IOException error) {
            return "its stderr cannot be read: " + error;
        }
    }

    /** Ends the process, which must have lived until now and must end well. */
    void stop() {
        String early = process.isAlive() ? "" : "before it was told to, ";
        process.destroy();
        boolean hasEnded = end(STOP_SECONDS);
        String told = stderr();
        forget();
        if (!early.isEmpty() || !hasEnded || process.exitValue() != 0) {
            String how = hasEnded ? String.valueOf(process.exitValue()) : "not within " + STOP_SECONDS + " s";
            throw new FencepostException("fencepost ended: " + early + how + "\n" + told);
        }
    }

    /** Whether it ended in time; if not, it is killed. */
    private boolean end(int seconds) {
        boolean isInTime = false;
        try {
            isInTime = process.waitFor(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        return isInTime;
    }

    private void forget() {
        try {
            Runtime.getRuntime().removeShutdownHook(killer);
            Files.deleteIfExists(log);
        } catch (IOException | IllegalStateException error) {
            System.err.println("fencepost: " + error);
        }
    }

    private String state() {
        return process.isAlive() ? "fencepost runs" : "fencepost ended with " + process.exitValue();
    }
}
