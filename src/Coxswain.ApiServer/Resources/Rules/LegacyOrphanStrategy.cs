using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>
/// Jobs and ReplicationControllers: a delete that says nothing leaves their Pods, for the sake of clients older than
/// garbage collection.
/// </summary>
internal sealed class LegacyOrphanStrategy : GenerationStrategy
{
    public override string DefaultDeleteFinalizer => Finalizers.Orphan;
}
