using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Api;

/// <summary>An API object: something with a kind, a name and metadata.</summary>
public interface IKubeObject : IKubeType
{
    ObjectMeta Metadata { get; }

    ObjectKind Kind { get; }
}

/// <summary>An API object of a type known at compile time.</summary>
public interface IKubeObject<TSelf> : IKubeObject, IKubeType<TSelf>
    where TSelf : IKubeObject<TSelf>
{
    /// <summary>The type's apiVersion and kind.</summary>
    static abstract ObjectKind ObjectKind { get; }

    /// <summary>The same object with other metadata.</summary>
    TSelf WithMetadata(ObjectMeta metadata);
}
