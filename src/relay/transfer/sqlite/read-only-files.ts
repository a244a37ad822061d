import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';

export const vfsName = 'maia-read-only';

/**
 * Lets SQLite read files of this machine where they lie, a page at a time, and write none: its WASM knows only files in
 * memory. There are no locks, so nobody else may write meanwhile; the caller looks whether somebody did.
 */
export function installReadOnlyFiles({ capi, wasm, vfs }: Sqlite3Static): void {
  /** By SQLite's pointer; undefined for a log that is not there, which reads as an empty one. */
  const opened = new Map<number, number | undefined>();
  const pathAt = (pointer: number) => wasm.cstrToJs(pointer) ?? '';
  // New for each use: the old one is of no use once the memory has grown.
  const view = () => new DataView(wasm.heap8u().buffer);

  const methods = new capi.sqlite3_io_methods();
  const files = new capi.sqlite3_vfs();
  files.$iVersion = 1;
  files.$szOsFile = new capi.sqlite3_file().structInfo.sizeof;
  files.$mxPathname = 4_096;

  // No exception may reach SQLite: each becomes one of its codes.
  const orCode = (code: number, run: () => number) => {
    try {
      return run();
    } catch {
      return code;
    }
  };
  // A new function for each method, as SQLite's WASM remembers one by the form it was first used in.
  const refuse = () => () => capi.SQLITE_READONLY;
  const agree = () => () => 0;

  vfs.installVfs({
    io: {
      struct: methods,
      methods: {
        xClose(file) {
          const descriptor = opened.get(file);
          if (descriptor !== undefined) closeSync(descriptor);
          opened.delete(file);
          return 0;
        },
        xRead: (file, target, count, offset) =>
          orCode(capi.SQLITE_IOERR_READ, () => {
            const descriptor = opened.get(file);
            const bytes = wasm.heap8u().subarray(target, target + count);
            // The type says number; it is a bigint.
            const read = descriptor === undefined ? 0 : readSync(descriptor, bytes, 0, count, Number(offset));
            bytes.fill(0, read);
            return read < count ? capi.SQLITE_IOERR_SHORT_READ : 0;
          }),
        xFileSize: (file, size) =>
          orCode(capi.SQLITE_IOERR_FSTAT, () => {
            const descriptor = opened.get(file);
            view().setBigInt64(size, BigInt(descriptor === undefined ? 0 : fstatSync(descriptor).size), true);
            return 0;
          }),
        xWrite: refuse(),
        xTruncate: refuse(),
        xSync: agree(),
        xLock: agree(),
        xUnlock: agree(),
        xCheckReservedLock(_file, isReserved) {
          view().setInt32(isReserved, 0, true);
          return 0;
        },
        xFileControl: () => capi.SQLITE_NOTFOUND,
        xSectorSize: () => 4_096,
        xDeviceCharacteristics: agree(),
      },
    },
    vfs: {
      struct: files,
      name: vfsName,
      methods: {
        xOpen: (_vfs, name, file, flags, flagsGiven) =>
          orCode(capi.SQLITE_CANTOPEN, () => {
            const path = pathAt(name);
            const isMissingLog = (flags & capi.SQLITE_OPEN_WAL) !== 0 && !existsSync(path);
            opened.set(file, isMissingLog ? undefined : openSync(path, 'r'));
            const struct = new capi.sqlite3_file(file);
            struct.$pMethods = methods.pointer;
            struct.dispose();
            // What is open for reading only is neither rolled back nor written to when it is closed.
            if (flagsGiven) view().setInt32(flagsGiven, capi.SQLITE_OPEN_READONLY, true);
            return 0;
          }),
        xDelete: () => capi.SQLITE_IOERR_DELETE,
        xAccess(_vfs, name, _flags, isThere) {
          view().setInt32(isThere, existsSync(pathAt(name)) ? 1 : 0, true);
          return 0;
        },
        xFullPathname: (_vfs, name, size, target) =>
          wasm.cstrncpy(target, name, size) < size ? 0 : capi.SQLITE_CANTOPEN,
        xRandomness: (_vfs, count) => count,
        xSleep: agree(),
        xCurrentTime: agree(),
        xGetLastError: agree(),
      },
    },
  });
}
