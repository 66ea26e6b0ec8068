using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Core;

/// <summary>One pod behind a Service, with the Service's ports as this pod has them.</summary>
internal sealed record ServiceBackend(Pod Pod, string Address, bool IsReady, bool IsServing, bool IsTerminating, IReadOnlyList<ResolvedPort> Ports);
