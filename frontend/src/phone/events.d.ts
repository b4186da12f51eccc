// What the SIP library's types need of two modules that come without any.
declare module 'events' {
  export class EventEmitter<T = unknown> {
    on(type: string, listener: (...given: never[]) => void): this;
    off(type: string, listener: (...given: never[]) => void): this;
  }
}
declare module 'debug' {
  export type Debug = unknown;
}
