// What the SIP library's types need of a module that comes without any.
declare module 'debug' {
  export type Debug = unknown;
}
