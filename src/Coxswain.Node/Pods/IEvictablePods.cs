using Coxswain.Api.Core.V1;
using Coxswain.Node.Planning;

namespace Coxswain.Node.Pods;

/// <summary>The node's pods, for those who decide which of them it cannot keep.</summary>
internal interface IEvictablePods
{
    /// <summary>With the newest status we know.</summary>
    IReadOnlyList<Pod> Pods { get; }

    /// <summary>A pod fails for that reason. False when it is not here.</summary>
    /// <param name="grace">What its containers get to end by themselves.</param>
    bool Evict(string podUid, PodFailure failure, TimeSpan grace);
}
