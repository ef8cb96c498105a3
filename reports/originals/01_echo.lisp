;; An echo server. A client that does not read is read from all the same: cl-async has nothing to hold it back with.

(ql:quickload :cl-async)

;; [state] None: the functions are handed the socket each time. What they had to remember would be in its
;; `socket-data`.

;; [made] No `:connect-cb` is given: there is nothing to do for a connection before it says something.

;; [data] An octet vector came. What is written in one turn of the loop is gathered and sent at its end.
(defun read-data (socket data)
  (as:write-socket-data socket data))

;; [slow] cl-async has no such thing: the output grows for as long as the client does not read.

;; [eof] The end of data is an event, a condition object, like any other. The socket is closed by then.
(defun handle-event (event)
  (unless (typep event 'as:socket-eof)
    ;; [lost] So is an error. But a local close is told to nobody.
    (format *error-output* "connection lost: ~a~%" event)))

(defun serve (port)
  (as:with-event-loop ()
    ;; [listen] The server is given the functions, once, for all its connections.
    (as:tcp-server "127.0.0.1" port #'read-data :event-cb #'handle-event)
    ;; [stop] Leaving the loop closes what is open, and asks nobody.
    (dolist (signo (list as:+sigint+ as:+sigterm+))
      (as:signal-handler signo (lambda (signo)
                                 (declare (ignore signo))
                                 (as:exit-event-loop))))))

;; [failed] A port that is taken is signalled to the caller of `tcp-server`, not to the event callback.
(handler-case (serve 8888)
  (as:socket-address-in-use (event)
    (format *error-output* "01_echo: ~a~%" event)))
