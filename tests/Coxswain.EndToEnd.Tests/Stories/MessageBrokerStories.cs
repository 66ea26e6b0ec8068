using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Coxswain.EndToEnd.Tests.Infrastructure;

namespace Coxswain.EndToEnd.Tests.Stories;

/// <summary>A message broker as a book of 2018 sets it up: Debian's RabbitMQ, as a StatefulSet with a volume of its own.</summary>
[Collection(ClusterCollection.Name)]
public class MessageBrokerStories(Cluster cluster)
{
    private const string Image = "rabbitmq:3-management";

    [Fact]
    public async Task Broker_PodDeletedAndKilled_KeepsItsMessages()
    {
        await BuildImageAsync();
        await using var space = await cluster.CreateNamespaceAsync("myevents");
        (await space.Old.ApplyAsync(Manifest)).Succeeded();
        (await space.Old.RunAsync("rollout", "status", "statefulset/rmq", "--timeout=120s")).Succeeded();

        var claim = (await space.Old.ReadAsync("get", "pvc", "--no-headers")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["data-rmq-0", "Bound", "1Gi", "RWO", "standard"], [.. claim[..2], .. claim[3..6]]);
        var volume = (await space.Old.ReadAsync("get", "pv", claim[2], "--no-headers")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([claim[2], "1Gi", "RWO", "Delete", "Bound", $"{space.Name}/data-rmq-0", "standard"], volume[..7]);
        Assert.NotEqual("", await space.Old.FieldAsync("endpoints amqp-broker", "{.subsets[0].addresses[0].ip}"));

        await WithBrokerAsync(space, async broker =>
        {
            await SendAsync(broker, HttpMethod.Put, "/api/queues/%2f/bookings", """{"durable":true}""");
            var published = await SendAsync(
                broker, HttpMethod.Post, "/api/exchanges/%2f/amq.default/publish",
                """{"properties":{"delivery_mode":2},"routing_key":"bookings","payload":"event 1 is booked","payload_encoding":"string"}""");
            Assert.Contains("true", published, StringComparison.Ordinal);
        });

        (await space.Old.RunAsync("delete", "pod", "rmq-0")).Succeeded();
        (await space.Old.RunAsync("rollout", "status", "statefulset/rmq", "--timeout=120s")).Succeeded();
        await WithBrokerAsync(space, AssertMessageAsync);

        await space.New.RunAsync("exec", "rmq-0", "--", "pkill", "-9", "beam.smp");
        await Eventually.BecomesAsync(
            () => space.New.FieldAsync("pod rmq-0", "{.status.containerStatuses[0].restartCount}"), restarts => restarts == "1", "the restart");
        await WithBrokerAsync(space, AssertMessageAsync);
    }

    /// <summary>Reads the message and puts it back.</summary>
    private static async Task AssertMessageAsync(HttpClient broker)
    {
        var messages = await SendAsync(
            broker, HttpMethod.Post, "/api/queues/%2f/bookings/get", """{"count":5,"ackmode":"ack_requeue_true","encoding":"auto"}""");
        using var list = JsonDocument.Parse(messages);
        Assert.Equal("event 1 is booked", Assert.Single(list.RootElement.EnumerateArray()).GetProperty("payload").GetString());
    }

    /// <summary>The guest of a broker may come only from its own machine, which a forwarded port does.</summary>
    private static async Task WithBrokerAsync(TestNamespace space, Func<HttpClient, Task> use)
    {
        await Eventually.BecomesAsync(
            () => space.New.RunAsync("exec", "rmq-0", "--", "rabbitmqctl", "await_startup", "--timeout", "30"), result => result.ExitCode == 0, "the start of the broker", 120);
        await using var forward = space.New.Start("port-forward", "pod/rmq-0", ":15672");
        var line = await forward.WaitForLineAsync(line => line.StartsWith("Forwarding from 127.0.0.1:", StringComparison.Ordinal));
        using var client = new HttpClient { BaseAddress = new Uri($"http://{line.Split(' ')[2]}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("guest:guest"u8));
        await use(client);
    }

    private static async Task<string> SendAsync(HttpClient client, HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text;
    }

    /// <summary>Made once from Debian's packages; the next run loads what the first one saved.</summary>
    private async Task BuildImageAsync()
    {
        var saved = Path.Combine(Cluster.Repository, "artifacts", "images", "rabbitmq.tar");
        if (!File.Exists(saved))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(saved)!); // It has one.
            var context = Directory.CreateTempSubdirectory("coxswain-rabbitmq-").FullName;
            await File.WriteAllTextAsync(Path.Combine(context, "Dockerfile"), """
                FROM rabbitmq-debian:bookworm
                RUN rabbitmq-plugins enable --offline rabbitmq_management && rm -rf /var/lib/rabbitmq/*
                ENV RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_LOGS=-
                EXPOSE 5672 15672
                CMD ["rabbitmq-server"]
                """);
            (await cluster.CoxswainAsync("image", "bootstrap", "-t", "rabbitmq-debian:bookworm", "--include", "rabbitmq-server")).Succeeded();
            (await cluster.CoxswainAsync("image", "build", "-t", Image, context)).Succeeded();
            Directory.Delete(context, recursive: true);
            (await cluster.CoxswainAsync("image", "save", Image, "-o", saved + ".new")).Succeeded();
            File.Move(saved + ".new", saved);
            return;
        }

        (await cluster.CoxswainAsync("image", "load", "-i", saved)).Succeeded();
    }

    /// <summary>In the words of 2018.</summary>
    private const string Manifest = $"""
        apiVersion: apps/v1beta1
        kind: StatefulSet
        metadata:
          name: rmq
        spec:
          serviceName: amqp-broker
          replicas: 1
          template:
            metadata:
              labels:
                myevents/app: amqp-broker
            spec:
              containers:
              - name: rmq
                image: {Image}
                ports:
                - containerPort: 5672
                  name: amqp
                - containerPort: 15672
                  name: http
                volumeMounts:
                - name: data
                  mountPath: /var/lib/rabbitmq
          volumeClaimTemplates:
          - metadata:
              name: data
              annotations:
                volume.alpha.kubernetes.io/storage-class: standard
            spec:
              accessModes: ["ReadWriteOnce"]
              resources:
                requests:
                  storage: 1Gi
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: amqp-broker
        spec:
          selector:
            myevents/app: amqp-broker
          ports:
          - port: 5672
            name: amqp
        """;
}
