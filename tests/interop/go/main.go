// interop PROTOCOL ENDPOINT COMPRESSION SERVICE COUNT [CA CERT KEY]: spans from the Go SDK, over TLS when files are given.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc/credentials"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func mutual(files []string) *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(must(os.ReadFile(files[0])))
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(files[1], files[2]))}}
}

func exporter(ctx context.Context, protocol, endpoint, compression string, files []string) trace.SpanExporter {
	if protocol == "grpc" {
		options := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(endpoint), otlptracegrpc.WithCompressor(compression)}
		if len(files) == 3 {
			options = append(options, otlptracegrpc.WithTLSCredentials(credentials.NewTLS(mutual(files))))
		} else {
			options = append(options, otlptracegrpc.WithInsecure())
		}
		return must(otlptracegrpc.New(ctx, options...))
	}
	options := []otlptracehttp.Option{otlptracehttp.WithEndpoint(endpoint)}
	if compression == "gzip" {
		options = append(options, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	}
	if len(files) == 3 {
		options = append(options, otlptracehttp.WithTLSClientConfig(mutual(files)))
	} else {
		options = append(options, otlptracehttp.WithInsecure())
	}
	return must(otlptracehttp.New(ctx, options...))
}

func main() {
	ctx := context.Background()
	count := must(strconv.Atoi(os.Args[5]))
	to := exporter(ctx, os.Args[1], os.Args[2], os.Args[3], os.Args[6:])
	provider := trace.NewTracerProvider(
		trace.WithBatcher(to, trace.WithMaxQueueSize(1<<20), trace.WithBlocking()),
		trace.WithResource(resource.NewSchemaless(attribute.String("service.name", os.Args[4]))))
	for i := range count {
		_, span := provider.Tracer("interop").Start(ctx, fmt.Sprintf("item-%d", i))
		span.SetAttributes(attribute.Int("index", i), attribute.String("text", "grüße"))
		span.AddEvent("event")
		span.End()
	}
	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
}
