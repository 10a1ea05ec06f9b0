/** CPU time of this process since its start, microseconds: of all its threads, and of the main one. */
export const cpu = (): { all: number; main: number } => {
  const [all, main] = [process.cpuUsage(), process.threadCpuUsage()];
  return { all: all.user + all.system, main: main.user + main.system };
};
