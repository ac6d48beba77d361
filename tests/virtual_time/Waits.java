// Measures timers of the Java library by its clocks, one line each: NAME WANTED MEASURED, in nanoseconds. The machine's own
// threads wake ten times a second, so that its longest wait is ten minutes.

import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

public final class Waits {
  interface Wait {
    void forNanos(long nanos) throws Exception;
  }

  static void measure(String name, long wanted, Wait wait) throws Exception {
    long begun = System.nanoTime();
    wait.forNanos(wanted);
    System.out.println(name + " " + wanted + " " + (System.nanoTime() - begun));
  }

  public static void main(String[] arguments) throws Exception {
    ScheduledExecutorService executor = Executors.newScheduledThreadPool(2);
    for (long wanted : new long[] {1_000_000L, 250_000_000L, 60_000_000_000L, 600_000_000_000L}) {
      measure("sleep", wanted, nanos -> Thread.sleep(nanos / 1_000_000));
      measure("parkNanos", wanted, LockSupport::parkNanos);
      measure("latch", wanted, nanos -> new CountDownLatch(1).await(nanos, TimeUnit.NANOSECONDS));
      measure("schedule", wanted, nanos -> executor.schedule(() -> {}, nanos, TimeUnit.NANOSECONDS).get());
    }
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", exchange -> {
      try {
        Thread.sleep(5000);
      } catch (InterruptedException interrupted) {
        return;
      }
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    server.setExecutor(executor);
    server.start();
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    HttpClient client = HttpClient.newHttpClient();
    measure("httpClient", 5_000_000_000L,
        nanos -> client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding()));
    measure("httpTimeout", 2_000_000_000L, nanos -> {
      try {
        client.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(2)).build(),
            HttpResponse.BodyHandlers.discarding());
        throw new AssertionError("an answer");
      } catch (HttpTimeoutException expected) {
      }
    });
    System.exit(0);
  }
}
