namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>Kinds whose controllers report observedGeneration.</summary>
internal class GenerationStrategy : ResourceStrategy
{
    public override bool TracksGeneration => true;
}
