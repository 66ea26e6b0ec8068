using Coxswain.Api.Core.V1;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Controllers.Apps;

/// <summary>What a ReplicaSet and a ReplicationController both say.</summary>
internal sealed record ReplicaIntent(int Replicas, int MinReadySeconds, LabelSelector Selector, PodTemplateSpec Template);
