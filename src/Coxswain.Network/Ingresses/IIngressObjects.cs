using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;

namespace Coxswain.Network.Ingresses;

/// <summary>The objects that Ingresses name, at one moment.</summary>
internal interface IIngressObjects
{
    Service? Service(string @namespace, string name);

    IReadOnlyList<EndpointSlice> Slices(string @namespace, string service);

    Secret? Secret(string @namespace, string name);
}
