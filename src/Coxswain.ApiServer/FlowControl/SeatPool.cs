namespace Coxswain.ApiServer.FlowControl;

/// <summary>What the priority levels lend each other: a level that has work for more than its seats may use what others leave free.</summary>
internal sealed class SeatPool
{
    private volatile IReadOnlyList<PriorityLevel> _levels = [];

    public IReadOnlyList<PriorityLevel> Levels
    {
        get => _levels;
        set => _levels = value;
    }

    /// <summary>Whether all that is used beyond its level's seats is lent by others; asked by who has taken one already.</summary>
    public bool MayLend()
    {
        int borrowed = 0, free = 0;
        foreach (var level in _levels)
        {
            var settings = level.Settings;
            if (settings.IsExempt)
            {
                continue;
            }

            var running = level.Running;
            borrowed += Math.Max(running - settings.Seats, 0);
            free += Math.Clamp(settings.Seats - running, 0, settings.Lendable);
        }

        return borrowed <= free;
    }
}
