namespace Coxswain.EndToEnd.Tests.Infrastructure;

/// <summary>All stories share one cluster and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<Cluster>
{
    public const string Name = "cluster";
}
