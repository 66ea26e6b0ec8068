using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Client.Events;

/// <summary>Records Events in the name of one component. Never waits and never fails.</summary>
public sealed class EventRecorder
{
    /// <summary>The API server takes no longer message.</summary>
    private const int MaxMessageLength = 1024;

    private readonly EventBroadcaster _broadcaster;
    private readonly EventSource _source;
    private readonly TimeProvider _time;

    internal EventRecorder(EventBroadcaster broadcaster, string component, string host, TimeProvider time)
    {
        _broadcaster = broadcaster;
        _source = new EventSource { Component = component, Host = host };
        _time = time;
    }

    /// <summary>Something went as it should.</summary>
    /// <param name="fieldPath">A part of the object, such as <c>spec.containers{web}</c>.</param>
    public void Normal(IKubeObject regarding, string reason, string message, string fieldPath = "") =>
        Record(regarding, "Normal", reason, message, fieldPath);

    /// <summary>Something a user may want to act on.</summary>
    /// <param name="fieldPath">A part of the object, such as <c>spec.containers{web}</c>.</param>
    public void Warning(IKubeObject regarding, string reason, string message, string fieldPath = "") =>
        Record(regarding, "Warning", reason, message, fieldPath);

    private void Record(IKubeObject regarding, string type, string reason, string message, string fieldPath)
    {
        var now = _time.GetUtcNow();
        var metadata = regarding.Metadata;
        _broadcaster.Post(new Event
        {
            // Events of cluster-scoped objects live in the default namespace, where kubectl looks for them.
            Metadata = ObjectMeta.Empty with { Namespace = metadata.Namespace.Length > 0 ? metadata.Namespace : "default" },
            InvolvedObject = new ObjectReference
            {
                Kind = regarding.Kind.Kind,
                ApiVersion = regarding.Kind.ApiVersion,
                Namespace = metadata.Namespace,
                Name = metadata.Name,
                Uid = metadata.Uid,
                ResourceVersion = metadata.ResourceVersion,
                FieldPath = fieldPath,
            },
            Type = type,
            Reason = reason,
            Message = message.Length <= MaxMessageLength ? message : message[..MaxMessageLength],
            Source = _source,
            ReportingComponent = _source.Component,
            ReportingInstance = _source.Host,
            FirstTimestamp = now,
            LastTimestamp = now,
            Count = 1,
        });
    }
}
