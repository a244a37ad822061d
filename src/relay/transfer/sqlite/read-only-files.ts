import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';

export const vfsName = 'maia-read-only';

/** SQLite's WASM build reads only memory; this reads files by page, without locks. The caller must exclude writers. */
export function installReadOnlyFiles({ capi, wasm, vfs }: Sqlite3Static): void {
  /** Keyed by SQLite's file pointer; undefined for a missing log, which reads as empty. */
  const opened = new Map<number, number | undefined>();
  const pathAt = (pointer: number) => wasm.cstrToJs(pointer) ?? '';
  // Create a new view each time: the old one is detached when the memory grows.
  const view = () => new DataView(wasm.heap8u().buffer);

  const methods = new capi.sqlite3_io_methods();
  const files = new capi.sqlite3_vfs();
  files.$iVersion = 1;
  files.$szOsFile = new capi.sqlite3_file().structInfo.sizeof;
  files.$mxPathname = 4_096;

  // Exceptions must not reach SQLite, so convert them to its error codes.
  const orCode = (code: number, run: () => number) => {
    try {
      return run();
    } catch {
      return code;
    }
  };
  // A new function per method: SQLite's WASM caches each function with the signature of its first use.
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
            // `offset` is typed as a number, but is a bigint at runtime.
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
            // SQLite neither rolls back nor checkpoints a file opened read-only.
            if (flagsGiven) view().setInt32(flagsGiven, capi.SQLITE_OPEN_READONLY, true);
            return 0;
          }),
        xDelete: () => capi.SQLITE_IOERR_DELETE,
        xAccess(_vfs, name, _flags, exists) {
          view().setInt32(exists, existsSync(pathAt(name)) ? 1 : 0, true);
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
