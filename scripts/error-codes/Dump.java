import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.AppInfoParser;

/** Prints Kafka's version, then its error codes, one a line: code, name, retriable, message; separated by tabs. */
public class Dump {
  public static void main(String[] args) {
    System.out.println(AppInfoParser.getVersion());
    for (Errors error : Errors.values()) {
      boolean retriable = error.exception() instanceof RetriableException;
      System.out.println(error.code() + "\t" + error.name() + "\t" + retriable + "\t" + error.message());
    }
  }
}
