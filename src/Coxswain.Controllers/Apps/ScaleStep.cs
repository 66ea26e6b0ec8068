using Coxswain.Api.Apps.V1;

namespace Coxswain.Controllers.Apps;

/// <summary>One ReplicaSet that is to get another number of replicas.</summary>
internal sealed record ScaleStep(ReplicaSet Set, int Replicas);
