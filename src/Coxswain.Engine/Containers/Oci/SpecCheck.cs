using Coxswain.Engine.Sandboxes;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>What no container can have, said before anything is made.</summary>
internal static class SpecCheck
{
    public static void Check(ContainerSpec spec)
    {
        foreach (var name in spec.Sysctls.Keys)
        {
            var space = NamespacedSysctl.Check(name);
            var joined = space == SysctlNamespace.Network ? spec.Namespaces.Network : spec.Namespaces.Ipc;
            if (joined == ContainerNamespaces.Host)
            {
                throw new EngineException($"sysctl {name} cannot be set: the container shares that namespace with the machine");
            }
        }

        if (spec.LogMostBytes < 1 || spec.LogMostFiles < 1)
        {
            throw new EngineException("a log has at least one file of one byte");
        }
    }
}
