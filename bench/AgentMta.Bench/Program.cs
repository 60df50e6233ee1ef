using AgentMta.Bench;
using BenchmarkDotNet.Running;

// bench/protocol runs everything and prints the ratios. By hand: dotnet run -c Release --project bench/AgentMta.Bench -- --filter '*DkimVerify*'
if (args is ["throughput", ..])
    return MimeThroughput.Run(args.AsSpan(1));
if (args is ["fill", _, _])
    return await StoreFill.RunAsync(args[1..]);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
