// Send PROTOCOL ENDPOINT COMPRESSION SERVICE COUNT: spans from the Java SDK.
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.concurrent.TimeUnit;

public class Send {
  static SpanExporter exporter(String protocol, String endpoint, String compression) {
    if (protocol.equals("grpc"))
      return OtlpGrpcSpanExporter.builder().setEndpoint(endpoint).setCompression(compression).build();
    return OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").setCompression(compression).build();
  }

  public static void main(String[] words) {
    int count = Integer.parseInt(words[4]);
    SdkTracerProvider provider = SdkTracerProvider.builder()
        .setResource(Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), words[3])))
        .addSpanProcessor(BatchSpanProcessor.builder(exporter(words[0], words[1], words[2])).setMaxQueueSize(count + 1).build())
        .build();
    for (int i = 0; i < count; i++)
      provider.get("interop").spanBuilder("item-" + i).setAttribute("index", i).setAttribute("text", "grüße").startSpan()
          .addEvent("event").end();
    if (!provider.forceFlush().join(30, TimeUnit.SECONDS).isSuccess()) System.exit(1);
    provider.shutdown().join(10, TimeUnit.SECONDS);
  }
}
