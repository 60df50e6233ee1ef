namespace AgentMta.Server.Cli;

/// <summary>Exit codes of sysexits(3), which supervisors and scripts know.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 64;
    public const int BadInput = 65;
    public const int NoInput = 66;
    public const int NoHost = 68;
    public const int Unavailable = 69;
    public const int Software = 70;
    public const int CannotCreate = 73;
    public const int InputOutput = 74;
    public const int TryAgain = 75;
    public const int NoPermission = 77;
    public const int Configuration = 78;
}
