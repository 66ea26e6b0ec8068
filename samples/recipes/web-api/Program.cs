using System.Text.Json;
using System.Text.Json.Serialization;

var target = Environment.GetEnvironmentVariable("TARGET") ?? "localhost:4000";

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls("http://*:1337");
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.ConfigureHttpJsonOptions(options =>
{
    options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
    options.SerializerOptions.TypeInfoResolverChain.Insert(0, Json.Default);
});

// Connections are not kept, so that every request is spread over the producer's Pods anew.
using var producer = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero })
{
    BaseAddress = new Uri($"http://{target}/"),
    Timeout = TimeSpan.FromSeconds(5),
};

var app = builder.Build();
app.MapGet("/", async (CancellationToken cancellationToken) =>
{
    await using var stream = await producer.GetStreamAsync("recipes/42", cancellationToken);
    using var data = await JsonDocument.ParseAsync(stream, default, cancellationToken);
    return new Answer(Environment.ProcessId, Environment.MachineName, data.RootElement.Clone());
});
app.MapGet("/kill", () => Environment.Exit(42));
Console.WriteLine($"web-api listens on port 1337 and asks {target}");
app.Run();

internal sealed record Answer(int ConsumerPid, string ConsumerHost, JsonElement ProducerData);

[JsonSerializable(typeof(Answer))]
internal sealed partial class Json : JsonSerializerContext;
