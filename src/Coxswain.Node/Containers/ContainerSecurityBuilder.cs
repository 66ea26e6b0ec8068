using Coxswain.Api.Core.V1;
using Coxswain.Node.Files;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Containers;

/// <summary>What a container may do: its own security context, and where that says nothing the pod's.</summary>
internal sealed class ContainerSecurityBuilder(NodePaths paths)
{
    /// <exception cref="ContainerConfigException">It asks for something that may not be.</exception>
    public ContainerSecurity Build(Pod pod, Container container, ImageInfo image)
    {
        var own = container.SecurityContext ?? SecurityContext.Empty;
        var shared = pod.Spec.SecurityContext ?? PodSecurityContext.Empty;
        var user = own.RunAsUser ?? shared.RunAsUser;
        if (own.RunAsNonRoot ?? shared.RunAsNonRoot ?? false)
        {
            CheckNotRoot(pod, container, user, image.User);
        }

        if (own.AppArmorProfile is { Type: not AppArmorProfileType.Unconfined })
        {
            throw new ContainerConfigException("Cannot enforce AppArmor: this node does not support AppArmor profiles");
        }

        var groups = shared.SupplementalGroups.ToList();
        if (shared.FsGroup is { } fsGroup)
        {
            groups.Add(fsGroup);
        }

        return new ContainerSecurity
        {
            RunAsUser = user,
            RunAsGroup = own.RunAsGroup ?? shared.RunAsGroup,
            SupplementalGroups = groups,
            OnlyNamedGroups = shared.SupplementalGroupsPolicy == SupplementalGroupsPolicy.Strict,
            Privileged = own.Privileged ?? false,
            ReadOnlyRootFilesystem = own.ReadOnlyRootFilesystem ?? false,
            NoNewPrivileges = own.AllowPrivilegeEscalation == false,
            UnmaskedProc = own.ProcMount == ProcMountType.Unmasked,
            CapabilitiesAdd = own.Capabilities?.Add ?? [],
            CapabilitiesDrop = own.Capabilities?.Drop ?? [],
            Seccomp = Seccomp(own.SeccompProfile ?? shared.SeccompProfile, own.Privileged ?? false),
        };
    }

    /// <summary>Unconfined when nobody says anything, as in Kubernetes, and for whom nothing is withheld in any case.</summary>
    private SecurityProfile Seccomp(SeccompProfile? profile, bool privileged)
    {
        if (profile is null || privileged)
        {
            return SecurityProfile.Unconfined;
        }

        switch (profile.Type)
        {
            case SeccompProfileType.RuntimeDefault:
                return new SecurityProfile(SecurityProfileType.RuntimeDefault);
            case SeccompProfileType.Localhost:
                var name = profile.LocalhostProfile ?? "";
                if (name.Length == 0 || Path.IsPathRooted(name) || name.Split('/').Contains(".."))
                {
                    throw new ContainerConfigException($"seccomp profile \"{name}\" must be relative and stay below the node's directory of profiles");
                }

                return new SecurityProfile(SecurityProfileType.Localhost, paths.SeccompProfile(name));
            default:
                return SecurityProfile.Unconfined;
        }
    }

    private static void CheckNotRoot(Pod pod, Container container, long? user, string imageUser)
    {
        var where = $"(pod: \"{pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.Uid})\", container: {container.Name})";
        if (user is { } number)
        {
            if (number == 0)
            {
                throw new ContainerConfigException($"container's runAsUser breaks non-root policy {where}");
            }

            return;
        }

        var name = imageUser.Split(':')[0];
        if (name is "" or "root" || (long.TryParse(name, out var id) && id == 0))
        {
            throw new ContainerConfigException($"container has runAsNonRoot and image will run as root {where}");
        }

        if (!long.TryParse(name, out _))
        {
            throw new ContainerConfigException(
                $"container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root {where}");
        }
    }
}
