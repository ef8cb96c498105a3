;; An echo server that ends well. On SIGTERM it takes no new connections, goes on serving those that are open until
;; their clients have finished, and closes what is left at a deadline.

(ql:quickload :cl-async)

(defparameter *deadline* 5)

;; [state] cl-async keeps no list of a listener's connections, so we do.
(defvar *open-sockets* '())
(defvar *stopping* nil)

;; [made] One more that has to end before we may.
(defun connected (socket)
  (push socket *open-sockets*))

;; [data] An echo.
(defun read-data (socket data)
  (as:write-socket-data socket data))

;; [slow] cl-async has no such thing.

;; [lost] The socket is closed, but what was written may still be on its way out, and nobody tells when it is not: with
;; the last event the loop may go, and `exit-event-loop` waits for the writes that are under way.
(defun handle-event (event)
  (setf *open-sockets* (remove (as:tcp-socket event) *open-sockets*))
  (when (and *stopping* (null *open-sockets*))
    (as:exit-event-loop)))

;; [drain] `close-tcp-server` ends the listening only; the connections go on. Then whichever comes first: the last of
;; them has ended, or the deadline.
(defun stop (server)
  (setf *stopping* t)
  (as:close-tcp-server server)
  (if (null *open-sockets*)
      (as:exit-event-loop)
      (as:with-delay (*deadline*)
        ;; [force] A local close is told to nobody, so the loop is left by ourselves.
        (dolist (socket *open-sockets*)
          (as:close-socket socket :force t))
        (as:exit-event-loop))))

(as:with-event-loop ()
  ;; [listen] Only what is to be told later: the life of the server is spread over the callbacks.
  (let ((server (as:tcp-server "127.0.0.1" 8888 #'read-data :connect-cb #'connected :event-cb #'handle-event)))
    ;; [stop] Called in the loop, not in the signal's context: everything is allowed in it.
    (as:signal-handler as:+sigterm+ (lambda (signo)
                                      (declare (ignore signo))
                                      (stop server)))))
