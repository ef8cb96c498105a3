;; A chat room. The first line that a client sends is its name; every later one goes to all the others as "name: line".

(ql:quickload '(:cl-async :babel))

(defparameter *longest-line* 1024)

;; [state] What the room knows of a client hangs on its socket's data; the room itself is a global.
(defstruct (member-data (:conc-name member-))
  name
  (unfinished ""))

(defvar *room* '())

;; [tell] To everybody else who has a name. Nobody knows who is behind: what he does not read is kept for him.
(defun tell-others (who control &rest arguments)
  (let ((text (apply #'format nil control arguments)))
    (dolist (other *room*)
      (when (and (not (eq other who)) (member-name (as:socket-data other)))
        (as:write-socket-data other text)))))

;; [hear] The first line is the name.
(defun hear (socket line)
  (let ((speaker (as:socket-data socket)))
    (cond ((member-name speaker) (tell-others socket "~a: ~a~%" (member-name speaker) line))
          ((string/= line "")
           (setf (member-name speaker) line)
           (tell-others socket "* ~a joined~%" line)))))

;; [lost] Gone: out of the room before the others are told. Called by ourselves, too, since our own close is no event.
(defun leave (socket)
  (when (find socket *room*)
    (setf *room* (remove socket *room*))
    (let ((name (member-name (as:socket-data socket))))
      (when name (tell-others socket "* ~a left~%" name)))))

;; [data] Octets to lines: what has no end yet is kept.
(defun read-data (socket data)
  (let* ((speaker (as:socket-data socket))
         (text (concatenate 'string (member-unfinished speaker)
                            (babel:octets-to-string data :encoding :latin-1))))
    (loop for end = (position #\Newline text)
          while end
          do (hear socket (string-right-trim '(#\Return) (subseq text 0 end)))
             (setf text (subseq text (1+ end))))
    (setf (member-unfinished speaker) text)
    (when (> (length text) *longest-line*)  ; it never ends: who knows what that is
      (as:close-socket socket)
      (leave socket))))

;; [made] In the room, but nobody hears of it before there is a name.
(defun connected (socket)
  (setf (as:socket-data socket) (make-member-data))
  (push socket *room*))

;; [slow] cl-async has no such thing: one client that never reads fills our memory.

;; [listen] The functions are the same for all members; which one is speaking they are told.
(as:with-event-loop ()
  (as:tcp-server "127.0.0.1" 8888 #'read-data
                 :connect-cb #'connected
                 :event-cb (lambda (event) (leave (as:tcp-socket event)))))
