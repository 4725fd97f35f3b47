// `import Sessera` brings the session client along. It is a module of its own for apps that need nothing else.
@_exported import SesseraClient
