using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Controllers.GarbageCollection;

/// <summary>One object of any resource, for the collector to look at.</summary>
internal sealed record GarbageItem(ApiResource Resource, NamespacedName Name, string Uid)
{
    public string? Namespace => Resource.Namespaced ? Name.Namespace : null;

    public static GarbageItem Of(ApiResource resource, PartialObjectMetadata obj) => new(resource, NamespacedName.Of(obj), obj.Metadata.Uid);

    // A resource is one object in the process; comparing its lists each time would cost more than the work.
    public bool Equals(GarbageItem? other) => other is not null && Uid == other.Uid && Name == other.Name && Resource.Plural == other.Resource.Plural;

    public override int GetHashCode() => Uid.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => $"{Resource.QualifiedName} {Name}";
}
