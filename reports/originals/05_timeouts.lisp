;; An echo server with a clock for each way in which a client can keep us waiting: it never says anything, it stops in
;; the middle, it stays for ever, it does not read.

(ql:quickload :cl-async)

(defparameter *first* 5)
(defparameter *idle* 10)
(defparameter *session* 60)
(defparameter *stall* 5)

;; [state] An event per clock; they hang on the socket's data.
(defstruct clocks idle session heard)

(defun stop (socket)
  (let ((clocks (as:socket-data socket)))
    (dolist (clock (list (clocks-idle clocks) (clocks-session clocks)))
      (unless (as:event-freed-p clock) (as:free-event clock)))))

;; [close] The goodbye is sent first. It cannot have a limit: a graceful close waits for ever for a client that does
;; not read, and a forced close after it does nothing.
(defun say-and-close (socket text)
  (stop socket)
  (as:write-socket-data socket (format nil "timeout: ~a~%" text))
  (as:close-socket socket))

;; [made] The first clocks start with the connection.
(defun connected (socket)
  (setf (as:socket-data socket)
        (make-clocks
         :idle (as:delay (lambda ()
                           (say-and-close socket (if (clocks-heard (as:socket-data socket)) "idle" "nothing came")))
                 :time *first*)
         :session (as:delay (lambda () (say-and-close socket "the session is over")) :time *session*))))

;; [timer] An event can be moved: the one that waited for the first octet now waits for the next.
(defun watch-idleness (clocks)
  (setf (clocks-heard clocks) t)
  (as:remove-event (clocks-idle clocks))
  (as:add-event (clocks-idle clocks) :timeout *idle*))

;; [data] An echo; moving an event makes and frees nothing.
(defun read-data (socket data)
  (watch-idleness (as:socket-data socket))
  (as:write-socket-data socket data))

;; [slow] `set-socket-timeouts` has a write timeout, but that fires once, so long after it was set, whatever was written
;; meanwhile. It cannot tell a client that does not read from one that does: there is no clock for this one.

;; [lost] The clocks do not own the socket: one that fires later would find it closed.
(defun handle-event (event)
  (stop (as:tcp-socket event)))

(as:with-event-loop ()
  (as:tcp-server "127.0.0.1" 8888 #'read-data :connect-cb #'connected :event-cb #'handle-event))
