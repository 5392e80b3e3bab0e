// send.js PROTOCOL ENDPOINT COMPRESSION SERVICE COUNT: spans, log records and points from the JavaScript SDK.
const [protocol, endpoint, compression, service, count] = process.argv.slice(2);
const kind = { grpc: 'grpc', 'http/json': 'http', 'http/protobuf': 'proto' }[protocol];
const { Resource } = require('@opentelemetry/resources');
const { BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { LoggerProvider, BatchLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const exporter = (signal, name) => {
  const Exporter = require(`@opentelemetry/exporter-${signal}-otlp-${kind}`)[name];
  const path = signal === 'trace' ? 'traces' : signal;
  return new Exporter({ url: kind === 'grpc' ? endpoint : `${endpoint}/v1/${path}`, compression });
};
async function main() {
  const resource = new Resource({ 'service.name': service });
  const traces = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter('trace', 'OTLPTraceExporter'), { maxQueueSize: 100000 })] });
  const logs = new LoggerProvider({ resource });
  logs.addLogRecordProcessor(new BatchLogRecordProcessor(exporter('logs', 'OTLPLogExporter'), { maxQueueSize: 100000 }));
  const meters = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter: exporter('metrics', 'OTLPMetricExporter'), exportIntervalMillis: 3600000 })] });
  const counter = meters.getMeter('interop').createCounter('items');
  for (let i = 0; i < Number(count); i++) {
    const span = traces.getTracer('interop').startSpan(`item-${i}`, { attributes: { index: i, text: 'grüße' } });
    span.addEvent('event', { at: i });
    span.end();
    logs.getLogger('interop').emit({ severityNumber: 9, body: `item-${i}`, attributes: { index: i } });
    counter.add(1, { index: i });
  }
  await Promise.all([traces.forceFlush(), logs.forceFlush()]);
  await Promise.all([traces.shutdown(), logs.shutdown(), meters.shutdown()]);
}
main().catch((error) => { console.error(error); process.exit(1); });
