using Coxswain.Api;
using Coxswain.Client;
using Coxswain.Client.Informers;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers;

/// <summary>Which owners of one kind a change of an object concerns: those that control it, or that might adopt it.</summary>
internal static class OwnerKeys
{
    /// <summary>The owner's key, if the object's controller is of the kind.</summary>
    public static NamespacedName? Of<TOwner>(IKubeObject? obj)
        where TOwner : class, IKubeObject<TOwner> =>
        obj is not null && OwnerReferences.ControllerOf(obj) is { } owner
        && owner.Kind == TOwner.ObjectKind.Kind && owner.ApiVersion == TOwner.ObjectKind.ApiVersion
            ? new NamespacedName(obj.Metadata.Namespace, owner.Name)
            : null;

    /// <param name="selectorOf">What an owner claims; an empty selector claims nothing.</param>
    public static IEnumerable<NamespacedName> Concerned<TOwner>(
        Informer<TOwner> owners, IKubeObject? old, IKubeObject? current, Func<TOwner, LabelSelector> selectorOf)
        where TOwner : class, IKubeObject<TOwner>
    {
        if (Of<TOwner>(old) is { } before)
        {
            yield return before;
        }

        if (Of<TOwner>(current) is { } now)
        {
            yield return now;
        }
        else if (current is not null && OwnerReferences.ControllerOf(current) is null)
        {
            foreach (var owner in owners.List(current.Metadata.Namespace))
            {
                if (selectorOf(owner) is { IsEmpty: false } selector && selector.Matches(current.Metadata.Labels))
                {
                    yield return NamespacedName.Of(owner);
                }
            }
        }
    }
}
