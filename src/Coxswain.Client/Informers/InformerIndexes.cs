namespace Coxswain.Client.Informers;

/// <summary>The indexes every informer has.</summary>
public static class InformerIndexes
{
    public const string Namespace = "namespace";

    /// <summary>By the uid of each owner reference.</summary>
    public const string OwnerUid = "ownerUid";
}
