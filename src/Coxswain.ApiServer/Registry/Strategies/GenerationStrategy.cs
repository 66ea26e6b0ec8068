namespace Coxswain.ApiServer.Registry.Strategies;

/// <summary>Kinds whose controllers report observedGeneration.</summary>
internal class GenerationStrategy : ResourceStrategy
{
    public override bool TracksGeneration => true;
}
