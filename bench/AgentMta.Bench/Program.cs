using BenchmarkDotNet.Running;

// dotnet run -c Release --project bench/AgentMta.Bench -- --filter '*DkimVerify*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
