import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * resilience4j (https://github.com/resilience4j/resilience4j) behind the breaker protocol. Settings that are absent are
 * the library's defaults.
 */
public final class Resilience4jAdapter {
  /** Stands still between two questions. */
  private static final class QuestionClock extends Clock {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\"\\s*:\\s*(-?[\\d.]+|true|false|\"\\w*\")");

  private final QuestionClock clock = new QuestionClock();
  private final Instant begun = clock.now;
  private final Map<Long, Instant> permits = new HashMap<>();
  private final CircuitBreaker breaker;
  private long issued = 0;

  private Resilience4jAdapter(String line) {
    CircuitBreakerConfig.Builder config = CircuitBreakerConfig.custom().clock(clock);
    Matcher member = MEMBER.matcher(line);
    while (member.find()) {
      String value = member.group(2);
      switch (member.group(1)) {
        case "op" -> {}
        case "failure_rate_threshold" -> config.failureRateThreshold(Float.parseFloat(value) * 100);
        case "minimum_calls" -> config.minimumNumberOfCalls(Integer.parseInt(value));
        case "window_size" -> config.slidingWindowSize(Integer.parseInt(value));
        case "slow_call_rate" -> config.slowCallRateThreshold(Float.parseFloat(value) * 100);
        case "slow_call_ms" -> config.slowCallDurationThreshold(Duration.ofMillis(Long.parseLong(value)));
        case "open_ms" -> config.waitDurationInOpenState(Duration.ofMillis(Long.parseLong(value)));
        case "half_open_max_calls" -> config.permittedNumberOfCallsInHalfOpenState(Integer.parseInt(value));
        default -> throw new IllegalArgumentException("no setting " + member.group(1));
      }
    }
    breaker = CircuitBreaker.of("library", config.build());
  }

  private String state() {
    return "\"state\":\"" + breaker.getState().name().toLowerCase(java.util.Locale.ROOT) + "\"";
  }

  private String answer(String line) {
    String op = "";
    long permit = 0;
    boolean ok = false;
    Matcher member = MEMBER.matcher(line);
    while (member.find()) {
      String value = member.group(2);
      switch (member.group(1)) {
        case "op" -> op = value;
        case "t_ms" -> clock.now = begun.plusMillis(Long.parseLong(value));
        case "permit" -> permit = Long.parseLong(value);
        case "ok" -> ok = Boolean.parseBoolean(value);
        default -> throw new IllegalArgumentException("no key " + member.group(1));
      }
    }
    switch (op) {
      case "\"acquire\"" -> {
        if (!breaker.tryAcquirePermission()) return "{\"admitted\":false," + state() + ",\"permit\":null}";
        permits.put(++issued, clock.now);
        return "{\"admitted\":true," + state() + ",\"permit\":" + issued + "}";
      }
      case "\"report\"" -> {
        Instant started = permits.remove(permit);
        if (started == null) return "{\"error\":\"an unknown or used permit\"}";
        long took = Duration.between(started, clock.now).toNanos();
        if (ok) breaker.onSuccess(took, TimeUnit.NANOSECONDS);
        else breaker.onError(took, TimeUnit.NANOSECONDS, new RuntimeException("the call failed"));
      }
      default -> {}
    }
    return "{" + state() + "}";
  }

  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    PrintStream out = new PrintStream(System.out, false);
    Resilience4jAdapter adapter = null;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String answer = "{}";
      if (line.contains("\"reset\"")) adapter = new Resilience4jAdapter(line);
      else answer = adapter.answer(line);
      out.println(answer);
      out.flush();
    }
  }
}
