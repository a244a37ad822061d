import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Identifies a process. Its ID may be reused, but not together with the same start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The scope of `pid`: each machine, container and boot has its own. */
  readonly machine: string;
  /** The start time in the notation of the system; undefined if unavailable. */
  readonly startedAt: string | undefined;
}

export const thisProcess: ProcessIdentity = {
  pid: process.pid,
  machine: machineName(),
  startedAt: startOf(process.pid),
};

/** Undefined if it cannot be determined here: the process ran on another machine or before a reboot. */
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
    // EPERM: it exists but belongs to another user.
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
      // Field 22 of `stat` in proc(5). The name before it is in parentheses and may contain spaces.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    }
    if (process.platform === 'win32') return undefined;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    // The process just ended, or this system does not report start times, so that only the ID is compared.
    return undefined;
  }
}
