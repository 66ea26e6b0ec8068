using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>Gives every Pod a service account and mounts its token, the cluster's authority and the namespace's name.</summary>
internal sealed class ServiceAccountAdmission(IStore store, IdentitySource identities, TimeSpan patience, TimeProvider time) : IAdmissionPlugin
{
    private const string MountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>A little more than an hour, so that the kubelet's hourly renewal is never late.</summary>
    private const long TokenSeconds = 3607;

    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation != AdmissionOperation.Create || !context.Is("", "pods") || context.Document is not { } pod)
        {
            return false;
        }

        if (IsMirror(pod))
        {
            return false;
        }

        var spec = pod.ObjectOrNew("spec");
        if (spec.Text("serviceAccountName").Length == 0)
        {
            spec["serviceAccountName"] = "default";
        }

        var name = spec.Text("serviceAccountName");
        spec["serviceAccount"] = name;
        var key = $"/registry/core/serviceaccounts/{context.Request.Namespace}/{name}";
        var entry = await store.GetAsync(key, cancellationToken) ?? (name == "default" ? await WaitForAsync(key, cancellationToken) : null);
        if (entry is null)
        {
            throw new KubeStatusException(Statuses.Forbidden("pods", context.Request.Name,
                $"error looking up service account {context.Request.Namespace}/{name}: serviceaccount \"{name}\" not found"));
        }

        var account = Document.Decode(entry.Value);
        if (spec.Array("imagePullSecrets") is null or { Count: 0 } && account.Array("imagePullSecrets") is { Count: > 0 } secrets)
        {
            spec["imagePullSecrets"] = secrets.DeepClone();
        }

        if (spec.Truth("automountServiceAccountToken") ?? account.Truth("automountServiceAccountToken") ?? true)
        {
            MountToken(spec);
        }

        return true;
    }

    /// <summary>A mirror of a static Pod has no account, so it may use nothing that comes with one.</summary>
    public ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Operation != AdmissionOperation.Create || !context.Is("", "pods") || context.Document is not { } document || !IsMirror(document))
        {
            return ValueTask.CompletedTask;
        }

        var pod = KubeJson.Deserialize<Pod>(document);
        var refusal =
            pod.Spec.ServiceAccountName.Length > 0 ? "a mirror pod may not reference service accounts"
            : PodReferences.Of(pod).Any(reference => reference.Resource == PodReferences.Secret) ? "a mirror pod may not reference secrets"
            : pod.Spec.Volumes.SelectMany(volume => volume.Projected?.Sources ?? []).Any(source => source.ServiceAccountToken is not null)
                ? "a mirror pod may not use ServiceAccountToken volume projections"
            : "";
        return refusal.Length == 0 ? ValueTask.CompletedTask
            : throw new KubeStatusException(Statuses.Forbidden("pods", context.Request.Name, refusal));
    }

    private static bool IsMirror(JsonObject pod) => pod.Metadata().Object("annotations")?.ContainsKey("kubernetes.io/config.mirror") == true;

    /// <summary>The account of a new namespace is made by a controller, a moment after the namespace.</summary>
    private async ValueTask<StoreEntry?> WaitForAsync(string key, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var revision = await store.GetRevisionAsync(cancellationToken);
        var watch = await store.WatchAsync(key, revision, cancellationToken);
        if (watch.Watcher is not { } watcher)
        {
            return await store.GetAsync(key, cancellationToken);
        }

        await using (watcher)
        {
            try
            {
                StoreEntry? entry;
                while ((entry = await store.GetAsync(key, cancellationToken)) is null)
                {
                    if ((await watcher.ReadAsync(either.Token)).Outcome != ReadOutcome.Ok)
                    {
                        return await store.GetAsync(key, cancellationToken);
                    }
                }

                return entry;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }
    }

    private void MountToken(JsonObject spec)
    {
        var containers = (spec.Array("containers") ?? []).Concat(spec.Array("initContainers") ?? []).OfType<JsonObject>().ToList();
        var bare = containers.FindAll(container =>
            !(container.Array("volumeMounts") ?? []).OfType<JsonObject>().Any(mount => mount.Text("mountPath") == MountPath));
        if (bare.Count == 0)
        {
            return;
        }

        var volumes = spec.Items("volumes");
        var volume = volumes.OfType<JsonObject>().Select(item => item.Text("name"))
            .FirstOrDefault(item => item.StartsWith("kube-api-access-", StringComparison.Ordinal));
        if (volume is null)
        {
            volume = "kube-api-access-" + identities.NewSuffix();
            volumes.Add(TokenVolume(volume));
        }

        foreach (var container in bare)
        {
            container.Items("volumeMounts").Add(new JsonObject { ["name"] = volume, ["readOnly"] = true, ["mountPath"] = MountPath });
        }
    }

    private static JsonObject TokenVolume(string name) => new()
    {
        ["name"] = name,
        ["projected"] = new JsonObject
        {
            ["defaultMode"] = 420,
            ["sources"] = new JsonArray(
                new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = TokenSeconds, ["path"] = "token" } },
                new JsonObject
                {
                    ["configMap"] = new JsonObject
                    {
                        ["name"] = "kube-root-ca.crt",
                        ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                    },
                },
                new JsonObject
                {
                    ["downwardAPI"] = new JsonObject
                    {
                        ["items"] = new JsonArray(new JsonObject
                        {
                            ["path"] = "namespace",
                            ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                        }),
                    },
                }),
        },
    };
}
