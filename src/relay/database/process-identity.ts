import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** One run of one process. Ids of processes are used again; together with the start they are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Where `pid` has its meaning: another machine, container or boot has other processes. */
  readonly machine: string;
  /** When it started, in the system's own notation; undefined where that cannot be known. */
  readonly startedAt: string | undefined;
}

export const thisProcess: ProcessIdentity = {
  pid: process.pid,
  machine: machineName(),
  startedAt: startOf(process.pid),
};

/** Undefined where it cannot be known from here: it ran on another machine, or before a restart of this one. */
export function isRunning(other: ProcessIdentity): boolean | undefined {
  if (other.machine !== thisProcess.machine) return undefined;
  if (!hasProcess(other.pid)) return false;
  return startOf(other.pid) === other.startedAt;
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function machineName(): string {
  if (process.platform !== 'linux') return hostname();
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
}

function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // Field 22 of proc(5)'s stat; the name before it stands in parentheses and may hold spaces.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    if (process.platform === 'win32') return undefined;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    // It ended a moment ago, or this system does not tell: then the id alone has to do.
    return undefined;
  }
}
