;; An echo server over TLS. The callbacks are those of echo: TLS is beneath the socket.

(ql:quickload '(:cl-async :cl-async-ssl))

;; [state] None, as without TLS.

;; [made] With the TCP connection, before a word of TLS: a client that never speaks it is announced as well.
(defun connected (socket)
  (declare (ignore socket))
  (format t "connected~%"))

;; [data] Clear text in, clear text out.
(defun read-data (socket data)
  (as:write-socket-data socket data))

;; [slow] cl-async has no such thing.

;; [lost] The end of data is TCP's: a client's close_notify is neither answered nor told, so a cut looks the same. A
;; handshake that fails gives no event at all.
(defun handle-event (event)
  (format t "lost: ~a~%" event))

(as:with-event-loop ()
  ;; [listen] `tcp-ssl-server` is `tcp-server` with more keywords.
  (as-ssl:tcp-ssl-server "127.0.0.1" 8888 #'read-data
                         :connect-cb #'connected
                         :event-cb #'handle-event
                         ;; [tls] Certificate and key, for all connections.
                         :certificate "cert.pem"
                         :key "key.pem"))
